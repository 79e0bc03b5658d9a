import { test } from "uvu";
import { NGINX } from "./proxy.ts";
import { guardTests } from "./suite.ts";

guardTests(NGINX);

test.run();
