/** Opens the socket: websocket only; when to dial again is the wire's decision. */

import { io } from "socket.io-client";
import type { View } from "./types.ts";
import type { Socket } from "./wire.ts";

/** Make the (unopened) socket of one conversation; `since` is asked anew at every connect. */
export function socketOf(code: string, view: View, since: () => number): Socket {
  return io({
    transports: ["websocket"],
    path: "/socket.io/",
    reconnection: false,
    autoConnect: false,
    timeout: 5_000,
    auth: (give) => give({ code, view, since: since() }),
  }) as unknown as Socket;
}
