/** The writer's thread, when commits are done apart from the event loop. */

import { parentPort, workerData } from "node:worker_threads";
import { Writes } from "./store.mjs";

const writes = new Writes(workerData);
parentPort.on("message", (ops) => parentPort.postMessage(writes.run(ops)));
