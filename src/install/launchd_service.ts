import { existsSync } from "node:fs";
import { AppError } from "../errors.ts";
import type { Service, ServiceChange, ServiceFile, ServiceUnit } from "../model/service.ts";
import { installExecutable, isCopy } from "./executable.ts";
import { Launchctl } from "./launchctl.ts";
import { LAUNCHD_LABEL, launchdPlist, type LaunchdSettings } from "./launchd_plist.ts";
import { placeFile, removePlaced } from "./placed_file.ts";
import type { RunTool } from "./tool.ts";

export interface LaunchdServiceOptions {
  readonly settings: LaunchdSettings;
  readonly paths: LaunchdPaths;
  /** What runs now. */
  readonly execPath: string;
  /** Whether this process may do what only root may. */
  readonly isRoot: boolean;
  readonly keystorePath: string;
  readonly run: RunTool;
}

export interface LaunchdPaths {
  readonly plist: string;
  /** Where a copy of the executable goes, unless it is where it can be run as it is. */
  readonly executable: string;
}

/** The daemon as a service of launchd. It makes its socket by itself. */
export class LaunchdService implements Service {
  readonly #options: LaunchdServiceOptions;
  readonly #launchctl: Launchctl;

  constructor(options: LaunchdServiceOptions) {
    this.#options = options;
    this.#launchctl = new Launchctl(LAUNCHD_LABEL, options.run);
  }

  files(): ServiceFile[] {
    const { paths, settings } = this.#options;
    return [{ path: paths.plist, content: launchdPlist(settings) }];
  }

  async install(): Promise<ServiceChange> {
    this.#assertRoot();
    const done = this.#placeFiles();
    const before = await this.#launchctl.state();
    if (done.length === 0 && before.isLoaded && before.isEnabled && before.pid !== undefined) {
      return { changed: false, steps: [`${LAUNCHD_LABEL} is installed and runs already`] };
    }
    if (before.isLoaded) await this.#launchctl.unload();
    await this.#launchctl.load(this.#options.paths.plist);
    return { changed: true, steps: [...done, `${LAUNCHD_LABEL} enabled and started`] };
  }

  async uninstall(): Promise<ServiceChange> {
    this.#assertRoot();
    const { paths, execPath, keystorePath } = this.#options;
    const done: string[] = [];
    if ((await this.#launchctl.state()).isLoaded) {
      await this.#launchctl.unload();
      done.push(`${LAUNCHD_LABEL} stopped and disabled`);
    }
    if (removePlaced(paths.plist)) done.push(`${paths.plist} removed`);
    if (isCopy(paths.executable, execPath) && removePlaced(paths.executable)) {
      done.push(`${paths.executable} removed`);
    }
    const steps = done.length > 0 ? done : ["nothing was installed"];
    const staying = existsSync(keystorePath)
      ? [`${keystorePath} stays, with what is beside it`]
      : [];
    return { changed: done.length > 0, steps: [...steps, ...staying] };
  }

  async units(): Promise<ServiceUnit[]> {
    const { plist } = this.#options.paths;
    const { isEnabled, state, pid } = await this.#launchctl.state();
    return [{
      name: LAUNCHD_LABEL,
      path: existsSync(plist) ? plist : null,
      isEnabled,
      isActive: pid !== undefined,
      state,
      status: pid === undefined ? null : `pid ${pid}`,
    }];
  }

  #assertRoot(): void {
    if (this.#options.isRoot) return;
    throw new AppError("ERR_FORBIDDEN", "administrator privileges are required to change services");
  }

  #placeFiles(): string[] {
    const { settings, paths, execPath } = this.#options;
    const isNew = settings.executable === paths.executable &&
      installExecutable(execPath, paths.executable);
    const done = isNew ? [`${paths.executable} written`] : [];
    // launchd takes none that others can write.
    const written = this.files().filter((file) => placeFile({ ...file, mode: 0o644 }));
    return [...done, ...written.map(({ path }) => `${path} written`)];
  }
}
