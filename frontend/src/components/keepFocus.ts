/** A click that leaves the focus where it is, so that the next key means what it did before. */
export function keepFocus(event: { preventDefault: () => void }): void {
  event.preventDefault();
}
