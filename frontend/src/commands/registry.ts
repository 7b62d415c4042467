/** A command is data. The registry feeds the keyboard, the Ctrl-K palette and the `?` sheet alike. */

export interface Command {
  /** Stable, dotted: `label.accept`. Registering the same id again replaces the command. */
  id: string;
  label: string;
  /** Section heading in the palette and the sheet. */
  group: string;
  /** Keys as `event.key` in lower case, with `mod+` for Ctrl or Cmd: `enter`, `z`, `mod+k`. */
  keys?: string[];
  run: () => void;
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
  private cache: Command[] | null = null;

  /** Adds commands until the returned function is called; later layers win over earlier ones. */
  register(commands: Command[]): () => void {
    const owner = Symbol();
    this.layers.push({ owner, commands });
    this.changed();
    return () => {
      this.layers = this.layers.filter((layer) => layer.owner !== owner);
      this.changed();
    };
  }

  /** Every command, newest layer first, one per id. */
  all = (): Command[] => {
    if (!this.cache) {
      const seen = new Map<string, Command>();
      for (const layer of [...this.layers].reverse())
        for (const command of layer.commands) if (!seen.has(command.id)) seen.set(command.id, command);
      this.cache = [...seen.values()];
    }
    return this.cache;
  };

  /** The command that a key would run now. */
  find(key: string): Command | undefined {
    return this.all().find((command) => command.keys?.includes(key) && (command.when?.() ?? true));
  }

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private changed(): void {
    this.cache = null;
    for (const listener of this.listeners) listener();
  }
}

export const registry = new CommandRegistry();
