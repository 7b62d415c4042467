import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import "./styles/tokens.css";
import "./styles/base.css";
import { queryClient } from "./api/queries";
import { Crash } from "./components/Crash";
import { startTheme } from "./components/theme";
import { startI18n } from "./messages/i18n";
import { router } from "./routes";

startTheme();
await startI18n();

const root = document.getElementById("root");
if (!root) throw new Error("The page has no #root element.");
createRoot(root).render(
  <StrictMode>
    <Crash>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </Crash>
  </StrictMode>,
);
