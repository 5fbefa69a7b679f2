/** The facilitator's console. */

import { joinCrew } from "./lib/crew.ts";

joinCrew();
