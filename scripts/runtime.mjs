// Prints the path of a Node that can run Interpose; installs it first where the running one is too old.
import { findNode } from "../packages/server/bin/runtime.mjs";

console.log(findNode());
