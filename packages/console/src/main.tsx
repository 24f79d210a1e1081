import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { showStoredTheme } from "./shell/theme.ts";
import "./style/tokens.css";
import "./style/base.css";
import "./style/components.css";
import "./style/records.css";
import "./style/numbers.css";
import "./style/shell.css";

showStoredTheme();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
