import process from "node:process";
import type { System } from "../cli/system.ts";
import { defaultConfiguration, defaultKeystore, defaultSocket } from "../platform/default_paths.ts";
import type { Platform } from "../platform/platform.ts";

/** What commands may know of the system. */
export function commandSystem({ self, guardedFiles, groupId }: Platform): System {
  return {
    defaults: {
      get configuration() {
        return defaultConfiguration(process);
      },
      get keystore() {
        return defaultKeystore(process);
      },
      get socket() {
        return defaultSocket(process);
      },
    },
    uid: self.uid,
    isConfined: self.isConfined,
    guardedFiles,
    groupId,
  };
}
