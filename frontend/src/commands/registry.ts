/** A command is data. The registry feeds the keyboard, the Ctrl-K palette and the `?` sheet alike. */
import { defaultKeymap, type Keymap, withKeys } from "./keymap";

export interface Command {
  /** Stable, dotted: `label.accept`. Registering the same id again replaces the command. */
  id: string;
  label: string;
  /** Section heading in the palette and the sheet. */
  group: string;
  /**
   * Default keys as `event.key` in lower case, with `mod+` for Ctrl or Cmd and `shift+` before the names of
   * keys (`shift+enter`); a person's own keys take their place.
   */
  keys?: string[];
  /** The keys before a person set their own; only the registry fills it. */
  defaults?: string[];
  run: () => void;
  /** Held keys: `down` at the press, `up` at the release, `run` instead when it was only tapped. */
  hold?: { down: () => void; up: () => void };
  /** Runs again and again while its key is held. */
  repeats?: boolean;
  /** False: the key does nothing and the palette leaves it out. */
  when?: () => boolean;
  /** Works while a person types or a dialog is open (only for `mod+` keys). */
  everywhere?: boolean;
  /** Keep it out of the palette: a key that only makes sense where it is shown. */
  hidden?: boolean;
}

type Listener = () => void;

export class CommandRegistry {
  private layers: { owner: symbol; commands: Command[] }[] = [];
  private listeners = new Set<Listener>();
  private cache: Map<string, Command> | null = null;
  private list: Command[] | null = null;
  private byKey: Map<string, Command[]> | null = null;
  private seen = new Map<string, Command>();
  private map: Keymap = defaultKeymap;

  /** Adds commands until the returned function is called; later layers win over earlier ones. */
  register(commands: Command[]): () => void {
    const owner = Symbol();
    this.layers.push({ owner, commands });
    for (const command of commands) this.seen.set(command.id, command);
    this.changed();
    return () => {
      this.layers = this.layers.filter((layer) => layer.owner !== owner);
      this.changed();
    };
  }

  get keymap(): Keymap {
    return this.map;
  }

  /** A person's own keys hold at once, for every command that is there or comes. */
  setKeymap(keymap: Keymap): void {
    this.map = keymap;
    this.changed();
  }

  /** Every command, newest layer first, one per id, with the keys that it has for this person. */
  all = (): Command[] => {
    this.list ??= [...this.here().values()];
    return this.list;
  };

  get(id: string): Command | undefined {
    return this.here().get(id);
  }

  private here(): Map<string, Command> {
    if (!this.cache) {
      this.cache = new Map();
      for (const layer of [...this.layers].reverse())
        for (const command of layer.commands)
          if (!this.cache.has(command.id)) this.cache.set(command.id, withKeys(command, this.map));
    }
    return this.cache;
  }

  /** Every command met since the page was loaded, also those of rooms that were left. */
  known(): Command[] {
    const gone = [...this.seen.values()].filter(({ id }) => !this.here().has(id));
    return [...this.all(), ...gone.map((command) => withKeys(command, this.map))];
  }

  /** The command that a key would run now. */
  find(key: string): Command | undefined {
    if (!this.byKey) {
      this.byKey = new Map();
      for (const command of this.all())
        for (const own of command.keys ?? []) {
          const list = this.byKey.get(own);
          if (list) list.push(command);
          else this.byKey.set(own, [command]);
        }
    }
    return this.byKey.get(key)?.find((command) => command.when?.() ?? true);
  }

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private changed(): void {
    this.cache = null;
    this.list = null;
    this.byKey = null;
    for (const listener of this.listeners) listener();
  }
}

export const registry = new CommandRegistry();
