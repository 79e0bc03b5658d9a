import { AppError } from "../errors.ts";
import { darwinPlatform } from "./darwin.ts";
import { linuxPlatform } from "./linux.ts";
import type { NativeLibrary } from "./native_library.ts";
import type { Platform } from "./platform.ts";
import type { PosixProcess } from "./posix_process.ts";
import { windowsPlatform } from "./windows.ts";

/**
 * The platform of this process. The one place that asks which runtime and system this is.
 *
 * @throws AppError ERR_INTERNAL on a system that is none of Linux, macOS and Windows
 */
export async function pickPlatform(
  process: PosixProcess & { platform: string },
): Promise<Platform> {
  switch (process.platform) {
    case "linux":
      return linuxPlatform(process, await openLibrary());
    case "darwin":
      return darwinPlatform(process, await openLibrary());
    case "win32":
      return windowsPlatform(process);
    default:
      throw new AppError("ERR_INTERNAL", `unsupported system ${process.platform}`);
  }
}

async function openLibrary(): Promise<NativeLibrary> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).openDenoLibrary();
  return (await import("./node.ts")).openNodeLibrary();
}
