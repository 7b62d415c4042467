/** The desk of a person who verifies: leases pages ahead, confirms at once, sends behind, takes back. */
import { ApiError } from "../../api/client";
import { uuid } from "../../api/uuid";
import {
  type ConfirmReply,
  type UndoReply,
  type VerifyLease,
  type VerifyMode,
  type VerifyOrder,
  type VerifyPage,
  verify,
} from "../../api/verify";
import {
  current,
  type Done,
  exceptionsToSend,
  labelOf,
  noPages,
  numberOf,
  type Pages,
  reduce,
  type Step,
} from "./pages";
import { ThumbCache } from "./preload";
import type { Outcome, PageSender } from "./sender";
import { senderOf } from "./senders";
import { SessionStore } from "./store";

const inHand = 3;
/** Milliseconds before the end of a lease. */
const renewBefore = 120_000;
const longPause = 8_000;
const shortPause = 2_000;

/** Pages on their way back, by project: a lease before they are there would bring them again. */
const releases = new Map<number, Promise<unknown>>();

export interface Wanted {
  mode: VerifyMode;
  class: number | null;
  order: VerifyOrder;
  /** Null: as many as were measured to suit. */
  size: number | null;
}

export interface Saved {
  number: number;
  reply: ConfirmReply;
}

export interface DeskView extends Pages {
  loading: boolean;
  /** The last lease failed: no network, or no right. */
  error: unknown;
  /** What the server said of the page that was confirmed last. */
  saved: Saved | null;
}

export interface DeskEvents {
  onConfirmed: (saved: Saved) => void;
  onUndone: (reply: UndoReply) => void;
  /** The server would not keep a page, or not give it back. */
  onRefused: (what: "confirm" | "undo", number: number, error: ApiError) => void;
}

export class VerifyDesk {
  readonly sender: PageSender;
  readonly thumbs = new ThumbCache();
  private view: DeskView = { ...noPages, loading: true, error: null, saved: null };
  private wanted: Wanted | null = null;
  /** Counts how often something else was wanted: what an earlier lease brings is handed back. */
  private turn = 0;
  private leasing = false;
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private shownAt: { page: number; at: number } | null = null;
  private readonly numbers = new Map<string, number>();
  private readonly settled = new Set<number>();
  private readonly session: SessionStore;
  private readonly listeners = new Set<() => void>();
  private stopHearing = () => {};
  private stopped = false;

  constructor(
    private readonly project: number,
    user: number,
    private readonly events: DeskEvents,
  ) {
    this.sender = senderOf(user, project);
    this.session = new SessionStore(user, project);
    this.view = { ...this.view, ...reduce(this.view, { do: "remember", ...this.session.load() }) };
    for (const done of this.view.done) this.numbers.set(done.clientId, done.number);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): DeskView => this.view;

  get page(): VerifyPage | undefined {
    return current(this.view);
  }

  /** True when the page on the screen has been seen whole and its class is known. */
  get confirmable(): boolean {
    const { page } = this;
    if (!page || this.view.awaiting === page.id || labelOf(this.view, page) === null) return false;
    return this.thumbs.ready(page);
  }

  start(): void {
    this.stopHearing = this.sender.onOutcome((outcome) => this.heard(outcome));
    for (const parcel of this.sender.pending) if (parcel.kind === "confirm") this.settled.add(parcel.page);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.stopHearing();
    void this.sender.flush();
    this.release(this.view.ahead);
  }

  /** Other pictures are wanted: those in hand go back, and pages of the new kind come. */
  want(wanted: Wanted): void {
    const before = this.wanted;
    this.wanted = wanted;
    if (before) {
      this.turn += 1;
      // A page that is on its way back is not in hand yet.
      this.release(this.view.ahead.filter((page) => page.id !== this.view.awaiting));
      this.change({ ...reduce(this.view, { do: "put-away" }), loading: true, error: null });
    }
    void this.refill();
  }

  /** The page was painted: from now on counts how long it was looked at. */
  shown(page: number): void {
    if (this.shownAt?.page !== page) this.shownAt = { page, at: performance.now() };
  }

  step(step: Step): void {
    this.change(reduce(this.view, step));
    // Whoever looks at a page for long keeps it: a lease renews what is in hand.
    const { page } = this;
    if (page && Date.parse(page.lease_expires_at) - Date.now() < renewBefore) void this.refill();
  }

  /** A letter on a page of look-alikes says what all of them are; with the popover open, what the exception is. */
  sayClass(label: number): void {
    const { page } = this;
    if (!page) return;
    if (page.mode === "cluster" && !this.view.asking.length) this.step({ do: "label-page", label });
    else if (label === labelOf(this.view, page)) this.restore();
    else this.step({ do: "say", mark: { verdict: "label", label } });
  }

  /** The letter of a group: its children are asked for, about the focused picture if about none yet. */
  openGroup(group: number): void {
    const one = this.page?.pictures[this.view.focused]?.image.id;
    const cluster = this.page?.mode === "cluster";
    if (!this.view.asking.length && one !== undefined && !cluster) this.step({ do: "ask", images: [one] });
    this.step({ do: "open-group", group });
  }

  confirm(): void {
    const { page } = this;
    if (!page || !this.confirmable) return;
    const client_id = uuid();
    const label = labelOf(this.view, page);
    const number = numberOf(this.view, page);
    const seconds = this.shownAt?.page === page.id ? (performance.now() - this.shownAt.at) / 1000 : 0;
    this.numbers.set(client_id, number);
    this.settled.add(page.id);
    this.sender.add({
      kind: "confirm",
      client_id,
      page: page.id,
      pictures: page.pictures.length,
      body: {
        client_id,
        ...(page.mode === "cluster" && label !== null ? { class: label } : {}),
        seconds: Math.round(seconds * 10) / 10,
        exceptions: exceptionsToSend(this.view, page, this.thumbs.failed(page)),
      },
    });
    this.step({ do: "confirm", clientId: client_id });
    if (!this.page) void this.refill();
  }

  /** The last confirmed page comes back with its exceptions. */
  undo(): Done | null {
    const last = this.view.done.at(-1);
    if (!last || this.view.awaiting !== null) return null;
    const withdrawn = this.sender.withdraw(last.clientId);
    if (withdrawn) this.settled.delete(last.page.id);
    else
      this.sender.add({
        kind: "undo",
        client_id: uuid(),
        page: last.page.id,
        pictures: last.page.pictures.length,
        undoes: last.clientId,
      });
    this.change({ ...reduce(this.view, { do: "take-back", awaits: !withdrawn }), saved: null });
    return last;
  }

  /** Asks for pages, up to as many as one may have in hand. */
  async refill(): Promise<void> {
    if (this.leasing || this.stopped || !this.wanted) return;
    clearTimeout(this.timer);
    this.leasing = true;
    const { turn } = this;
    try {
      await releases.get(this.project);
      const lease = await verify.lease(this.project, { ...this.wanted, count: inHand });
      if (turn !== this.turn || this.stopped) {
        this.release(lease.pages.filter((page) => !this.settled.has(page.id)));
      } else this.receive(lease, this.wanted);
    } catch (error) {
      if (error instanceof ApiError && turn === this.turn) this.change({ loading: false, error });
    } finally {
      this.leasing = false;
    }
    if (this.stopped) return;
    if (turn !== this.turn || this.again) {
      this.again = false;
      void this.refill();
    } else if (!this.view.ahead.length) this.timer = setTimeout(() => void this.refill(), this.pause());
  }

  private receive(lease: VerifyLease, { size }: Wanted): void {
    // Pages that were in hand before a reload may be larger than what is wanted now.
    const larger = lease.pages.filter(
      (page) => this.view.loading && size !== null && page.size > size && !this.settled.has(page.id),
    );
    if (larger.length) {
      this.release(larger);
      this.again = true;
      return;
    }
    const step: Step = { do: "receive", ...lease, settled: this.settled };
    this.change({ ...reduce(this.view, step), loading: false, error: null });
  }

  private restore(): void {
    const one = this.page?.pictures[this.view.focused]?.image.id;
    const images = this.view.asking.length || one === undefined ? this.view.asking : [one];
    this.step({ do: "paint", images, on: false });
  }

  private pause(): number {
    if (this.view.error) return shortPause * 2;
    return this.view.reason ? longPause : shortPause;
  }

  private release(pages: VerifyPage[]): void {
    if (!pages.length) return;
    const ids = pages.map((page) => page.id);
    // A release that does not arrive is made up for by the end of the lease.
    releases.set(
      this.project,
      verify.release(this.project, ids).catch(() => null),
    );
  }

  private heard(outcome: Outcome): void {
    const { parcel, error } = outcome;
    if (error !== null) this.refused(outcome);
    else if (parcel.kind === "confirm") this.confirmed(parcel.client_id, outcome.reply as ConfirmReply);
    else this.undone(parcel.page, outcome.reply as UndoReply);
    void this.refill();
  }

  private confirmed(clientId: string, reply: ConfirmReply): void {
    const number = this.numbers.get(clientId);
    if (number === undefined) return;
    const saved = { number, reply };
    this.change({ saved });
    this.events.onConfirmed(saved);
  }

  private undone(id: number, reply: UndoReply): void {
    this.settled.delete(reply.page.id);
    const here = this.view.ahead.some((page) => page.id === id);
    if (here) this.step({ do: "given-back", page: id, now: reply.page });
    this.events.onUndone(reply);
  }

  private refused({ parcel, error }: Outcome): void {
    if (!error) return;
    if (parcel.kind === "confirm") {
      const number = this.numbers.get(parcel.client_id) ?? 0;
      this.step({ do: "lost", clientId: parcel.client_id });
      this.events.onRefused("confirm", number, error);
    } else {
      this.step({ do: "stands", page: parcel.page });
      this.events.onRefused("undo", this.numbers.get(parcel.undoes) ?? 0, error);
    }
  }

  private change(part: Partial<DeskView>): void {
    const { done, marks } = this.view;
    this.view = { ...this.view, ...part };
    if (this.view.done !== done || this.view.marks !== marks)
      this.session.save({ done: this.view.done, marks: [...this.view.marks] });
    this.thumbs.keep(this.view.ahead);
    for (const listener of this.listeners) listener();
  }
}
