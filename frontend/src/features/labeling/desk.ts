/** The labeler's desk at work: leases ahead, answers at once, sends behind, takes back. */
import { ApiError } from "../../api/client";
import { labeling } from "../../api/endpoints";
import type { AnnotationItem, AnnotationReply, Task, Verdict } from "../../api/types";
import { uuid } from "../../api/uuid";
import { PictureCache } from "./preload";
import type { AnnotationQueue, Answered } from "./queue";
import { queueOf } from "./queues";
import { answerBefore, learn, leave, revisit, revisiting } from "./revisit";
import {
  answer,
  answeredTasks,
  type Desk,
  type Done,
  emptyDesk,
  receive,
  remember,
  setAside,
  takeBack,
  undoConfirmed,
} from "./session";
import { type ClassSet, carriedOver, startingSet, toggled } from "./sets";

const inHand = 20;
const refillBelow = 12;
/** At eight keys a second these last a second: as long as others take to be leased, fetched and decoded. */
const staysAhead = 8;
const keptBehind = 12;
const historyPage = 100;

export interface DeskEvents {
  onReply: (reply: AnnotationReply) => void;
  onConflict: (answered: Answered) => void;
  onInvalid: (answered: Answered) => void;
}

export interface DeskView extends Desk {
  /** The classes chosen for the picture on the screen; null while nobody has touched its set. */
  chosen: ClassSet | null;
  /** The group whose classes are shown; null at the top. */
  open: number | null;
  loading: boolean;
  /** The last lease failed: no network, or no right. */
  error: unknown;
}

export class DeskController {
  readonly queue: AnnotationQueue;
  readonly pictures = new PictureCache();
  private view: DeskView = { ...emptyDesk, chosen: null, open: null, loading: true, error: null };
  private readonly listeners = new Set<() => void>();
  private leasing = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private shownAt = performance.now();
  /** Key of the next page of history: undefined before the first, null after the last. */
  private older: number | null | undefined;
  private readonly takenBack = new Set<string>();
  private stopHearing = () => {};
  private stopped = false;

  constructor(
    readonly project: number,
    user: number,
    private readonly events: DeskEvents,
    /** Pictures may have several labels: classes are toggled, and the set is sent. */
    readonly several = false,
  ) {
    this.queue = queueOf(user, project);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): DeskView => this.view;

  get current(): Task | undefined {
    return this.view.ahead[0];
  }

  /** True when the picture on the screen has been seen and may be answered. */
  get answerable(): boolean {
    const task = this.current;
    if (!task || this.view.awaiting === task.image.id) return false;
    return this.pictures.peek(task.image.urls.preview)?.state === "ready";
  }

  start(): void {
    this.stopHearing = this.queue.onAnswers((answers, reply) => this.answered(answers, reply));
    void this.begin();
  }

  /** Only when what an earlier page left unsent is known can it be told which pictures are answered. */
  private async begin(): Promise<void> {
    await this.queue.ready;
    void this.refill();
    void this.loadHistory();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    void this.queue.flush();
    const tasks = this.view.ahead.flatMap((task) => (task.id === null ? [] : [task.id]));
    // A release that does not arrive is made up for by the end of the lease.
    if (tasks.length) labeling.release(this.project, tasks).catch(() => {});
    this.stopHearing();
  }

  /** Answers with a class, or takes it into the picture's set (or out of it). */
  label(classId: number): void {
    if (!this.answerable) return;
    if (this.several) this.change({ chosen: toggled(this.set, classId), open: null });
    else this.say("label", [classId]);
  }

  /** What the picture on the screen will get. */
  get set(): ClassSet {
    return this.view.chosen ?? startingSet(this.current, this.view.done);
  }

  /** Answers with the set; an empty one only when that is meant (`none`). */
  send(none = false): void {
    const set = none ? [] : this.set;
    if (this.answerable && (none || set.length)) this.say("label", [...set]);
  }

  /** Shows the classes of a group, or those of the top. */
  openGroup(group: number | null): void {
    this.change({ open: group });
  }

  /** Picks the class at a rank of the suggestion (0 is the first); nothing on a blind task. */
  pick(rank: number): void {
    const ranked = this.current?.suggestion?.top[rank];
    if (ranked) this.label(ranked.class);
  }

  setVerdict(verdict: Exclude<Verdict, "label">, comment?: string): void {
    const task = this.current;
    if (task && this.view.awaiting !== task.image.id) this.say(verdict, [], comment);
  }

  undo(): Done | null {
    const [desk, last] = takeBack(this.view);
    if (!last) return null;
    this.takenBack.add(last.clientId);
    this.queue.add({
      client_id: uuid(),
      task: last.task.id,
      image: last.task.image.id,
      undoes: last.clientId,
    });
    this.change(desk, last.verdict === "label" ? last.labels : null);
    if (this.view.done.length < 5) void this.loadHistory();
    return last;
  }

  /** An earlier answer comes back to the screen to be corrected; without one, the one before. */
  revisit(clientId = answerBefore(this.view)?.clientId): void {
    const image = this.view.done.find((done) => done.clientId === clientId)?.task.image.id;
    if (clientId === undefined || image === undefined) return;
    const unsent = this.onItsWay(image);
    if (unsent) void this.queue.flush();
    this.change(revisit(this.view, clientId, unsent));
  }

  private onItsWay(image: number): boolean {
    return this.queue.pending.some((item) => item.image === image);
  }

  get revisiting(): boolean {
    return revisiting(this.view);
  }

  /** Leaves an earlier answer as it is. */
  leave(): void {
    this.change(leave(this.view));
  }

  /** Sets a label over what somebody else said meanwhile, having seen it. */
  overrule({ item, result }: Answered): void {
    this.queue.add({
      client_id: uuid(),
      task: null,
      image: item.image,
      verdict: "label",
      labels: item.labels,
      seen_version: result.label_version,
    });
  }

  /**
   * A new head is in use: what is on the screen and just behind it stays as it is, the rest is handed back
   * for what the new head thinks worth asking.
   */
  renew(head: string): Promise<void> {
    return this.exchange((task) => task.suggestion?.head === head);
  }

  /** The queue is pointed elsewhere: what waits just behind the screen is handed back for what comes first now. */
  repoint(): Promise<void> {
    return this.exchange(() => false);
  }

  private async exchange(wanted: (task: Task) => boolean): Promise<void> {
    const stays = (task: Task, index: number) =>
      index < staysAhead || task.blind || task.id === null || wanted(task);
    const back = this.view.ahead.filter((task, index) => !stays(task, index));
    if (!back.length) return;
    this.change({ ahead: this.view.ahead.filter(stays) });
    const ids = back.flatMap((task) => (task.id === null ? [] : [task.id]));
    // Leases that could not be returned come again with the next refill.
    await labeling.release(this.project, ids).catch(() => {});
    await this.refill();
  }

  /** Asks for more pictures: the queue may have changed. */
  async refill(): Promise<void> {
    if (this.leasing || this.stopped) return;
    clearTimeout(this.timer);
    this.leasing = true;
    try {
      const { pending } = this.queue;
      const count = Math.min(inHand + pending.length, 100);
      const { tasks, reason } = await labeling.lease(this.project, count);
      if (this.stopped) return;
      const answeredNow = answeredTasks(this.queue.pending, this.view.done);
      this.change({ ...receive(this.view, tasks, reason, answeredNow), loading: false, error: null });
    } catch (error) {
      if (error instanceof ApiError) this.change({ loading: false, error });
    } finally {
      this.leasing = false;
    }
    if (!this.view.ahead.length && !this.stopped)
      this.timer = setTimeout(() => void this.refill(), this.pause());
  }

  private pause(): number {
    const { reason, error } = this.view;
    if (error) return 4_000;
    return reason === "all_labelled" || reason === "all_leased" ? 8_000 : 2_000;
  }

  private say(verdict: Verdict, labels: number[], comment?: string): void {
    const task = this.current;
    if (!task) return;
    const item: AnnotationItem = {
      client_id: uuid(),
      task: task.id,
      image: task.image.id,
      verdict,
      labels,
      origin: "single",
      lead_time_ms: Math.max(0, Math.round(performance.now() - this.shownAt)),
    };
    if (comment) item.comment = comment;
    if (task.id === null) item.seen_version = task.image.label_version;
    this.queue.add(item);
    this.change(answer(this.view, item.client_id, verdict, labels, Date.now()));
    if (this.view.ahead.length < refillBelow) void this.refill();
  }

  private answered(answers: Answered[], reply: AnnotationReply | null): void {
    let desk: Desk = this.view;
    for (const answered of answers) {
      const { item, result } = answered;
      desk = learn(desk, item.image, result, !this.onItsWay(item.image));
      const refused = result.status === "conflict" || result.status === "invalid";
      if (item.undoes)
        desk = refused ? setAside(desk, item.image) : undoConfirmed(desk, item.image, result.task);
      if (result.status === "conflict") this.events.onConflict(answered);
      if (result.status === "invalid") this.events.onInvalid(answered);
    }
    this.change(desk);
    if (reply) this.events.onReply(reply);
    // What was still in hand when the last lease was asked for may have kept the server from giving more.
    if (!this.view.ahead.length) void this.refill();
  }

  private async loadHistory(): Promise<void> {
    if (this.older === null) return;
    try {
      const page = await labeling.mine(this.project, historyPage, this.older);
      this.older = page.next;
      this.change(
        remember(
          this.view,
          page.results.filter((row) => !this.takenBack.has(row.client_id)),
        ),
      );
    } catch {
      // Without history only what is said from now on can be taken back.
    }
  }

  /** `chosen` is the set of the picture that this brings to the screen, where it is not the one it starts with. */
  private change(part: Partial<DeskView>, chosen: ClassSet | null = null): void {
    const before = this.current;
    this.view = carriedOver(this.view, { ...this.view, ...part }, chosen);
    const ahead = this.view.ahead.slice(0, inHand + 4);
    const behind = this.view.done.slice(-keptBehind).filter(({ task }) => task.id !== null);
    this.pictures.keep([
      ...ahead.map((task) => task.image.urls.preview),
      ...behind.map(({ task }) => task.image.urls.preview),
    ]);
    if (this.current !== before) this.shownAt = performance.now();
    for (const listener of this.listeners) listener();
  }
}
