/** Who may do what: each role may do all that the ones before it may. */
import type { Role } from "../api/types";

const order: Role[] = ["viewer", "annotator", "reviewer", "lead"];

export function mayAs(role: Role | null | undefined, least: Role): boolean {
  return role ? order.indexOf(role) >= order.indexOf(least) : false;
}
