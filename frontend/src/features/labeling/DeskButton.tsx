import type { ButtonHTMLAttributes } from "react";

/**
 * A button that a click does not focus: after a click, Enter must accept the next suggestion, not press
 * the same button again. The Tab key still reaches it.
 */
export function DeskButton(props: ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button type="button" onMouseDown={(event) => event.preventDefault()} {...props} />;
}
