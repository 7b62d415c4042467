/** The project of the room that is shown, given by the frame around it. */
import { useOutletContext } from "react-router";
import type { Project } from "../api/types";

export function useProjectContext(): Project {
  return useOutletContext<Project>();
}
