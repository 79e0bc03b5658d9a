import { test } from "uvu";
import { CADDY } from "./proxy.ts";
import { guardTests } from "./suite.ts";

guardTests(CADDY);

test.run();
