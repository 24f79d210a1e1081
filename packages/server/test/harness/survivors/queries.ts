import { workerData } from "node:worker_threads";
import { createDatabase } from "../../../src/store/database.ts";
import { tellWhatIsLeftOf } from "./what-is-left.ts";

const { url, inTransaction } = workerData as { readonly url: string; readonly inTransaction: boolean };
const database = createDatabase({ url });
const statement = {
  name: "some-rows",
  text: "select i as id, repeat('x', 100) || i as text from generate_series(1, $1::int) i where length($2) > 0",
  values: [20, "a parameter"],
};
await tellWhatIsLeftOf(() =>
  inTransaction ? database.transaction((tx) => tx.query(statement)) : database.query(statement),
);
await database.close();
