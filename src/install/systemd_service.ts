import { existsSync } from "node:fs";
import { connect } from "node:net";
import { AppError } from "../errors.ts";
import type { Service, ServiceChange, ServiceFile, ServiceUnit } from "../model/service.ts";
import { INSTALLED_EXECUTABLE, installExecutable, isCopy } from "./executable.ts";
import { placeFile, readPlaced, removePlaced } from "./placed_file.ts";
import { describeStaying, type Leavings, removeLeavings } from "./leavings.ts";
import {
  SERVICE_NAME,
  serviceUnit,
  socketUnit,
  sysusersFile,
  tmpfilesFile,
  type UnitSettings,
} from "./systemd_units.ts";
import { Systemctl } from "./systemctl.ts";
import type { RunTool } from "./tool.ts";

export interface SystemdServiceOptions {
  readonly settings: UnitSettings;
  /** What runs now. */
  readonly execPath: string;
  /** Whether this process may do what only root may. */
  readonly isRoot: boolean;
  readonly leavings: Leavings;
  readonly run: RunTool;
}

const SOCKET = `${SERVICE_NAME}.socket`;
const SERVICE = `${SERVICE_NAME}.service`;

const PACKAGE_STAYS = "the package's own files stay: apt remove metricshub-apikey, or rpm --erase";

/** Where packages have their units; what is written by hand goes before that. */
const PACKAGED = "/usr/lib/systemd/system";
const OWN = "/etc/systemd/system";

/** The daemon as a service of systemd, with the socket held for it. */
export class SystemdService implements Service {
  readonly #options: SystemdServiceOptions;
  readonly #systemctl: Systemctl;

  constructor(options: SystemdServiceOptions) {
    this.#options = options;
    this.#systemctl = new Systemctl(options.run, options.isRoot);
  }

  files(): ServiceFile[] {
    const { settings } = this.#options;
    return [
      { path: `${OWN}/${SOCKET}`, content: socketUnit(settings) },
      { path: `${OWN}/${SERVICE}`, content: serviceUnit(settings) },
      { path: `/etc/sysusers.d/${SERVICE_NAME}.conf`, content: sysusersFile(settings) },
      { path: `/etc/tmpfiles.d/${SERVICE_NAME}.conf`, content: tmpfilesFile(settings) },
    ];
  }

  async install(): Promise<ServiceChange> {
    this.#assertRoot();
    this.#assertBooted();
    this.#assertFolders();
    await this.#assertSocketFree();
    const done = this.#placeExecutable();
    const written = this.#placeFiles();
    done.push(...written.map((path) => `${path} written`));
    await this.#prepare(written);
    done.push(...await this.#start(done.length > 0));
    if (done.length > 0) return { changed: true, steps: done };
    return { changed: false, steps: [`${SERVICE} is installed and runs already`] };
  }

  async uninstall(): Promise<ServiceChange> {
    this.#assertRoot();
    const done: string[] = [];
    if (isBooted()) done.push(...await this.#stop());
    const removed = this.files().map(({ path }) => path).filter(removePlaced);
    done.push(...removed.map((path) => `${path} removed`));
    if (isBooted()) await this.#systemctl.reload();
    const { execPath, leavings, run } = this.#options;
    if (this.#isPackaged()) return { changed: done.length > 0, steps: [...done, PACKAGE_STAYS] };
    if (isCopy(INSTALLED_EXECUTABLE, execPath) && removePlaced(INSTALLED_EXECUTABLE)) {
      done.push(`${INSTALLED_EXECUTABLE} removed`);
    }
    done.push(...await removeLeavings(leavings, run));
    const steps = done.length > 0 ? done : ["nothing was installed"];
    return { changed: done.length > 0, steps: [...steps, ...describeStaying(leavings)] };
  }

  async units(): Promise<ServiceUnit[]> {
    this.#assertBooted();
    return await Promise.all([SOCKET, SERVICE].map((name) => this.#systemctl.show(name)));
  }

  #assertRoot(): void {
    if (this.#options.isRoot) return;
    throw new AppError("ERR_FORBIDDEN", "administrator privileges are required to change services");
  }

  /** What is to be bound into the service's root and is not there keeps it from its start. */
  #assertFolders(): void {
    const missing = this.#options.settings.writableFolders.find((folder) => !existsSync(folder));
    if (missing === undefined) return;
    const text = `there is no folder ${missing}: apikey config check says how to make it`;
    throw new AppError("ERR_SERVICE", text);
  }

  /** A daemon that somebody has started by hand would be left without its socket. */
  async #assertSocketFree(): Promise<void> {
    const { socket: { path } } = this.#options.settings;
    const [socket] = await this.units();
    if (socket?.isActive || !await isAnswered(path)) return;
    const text = `a daemon listens at ${path} that is no service: stop it first`;
    throw new AppError("ERR_DAEMON_RUNNING", text);
  }

  #assertBooted(): void {
    if (isBooted()) return;
    const text = "systemd does not run here: start `apikey daemon` by what does, or by hand";
    throw new AppError("ERR_SERVICE", text);
  }

  #isPackaged(): boolean {
    return readPlaced(`${PACKAGED}/${SERVICE}`) !== undefined;
  }

  #placeExecutable(): string[] {
    const { settings: { executable }, execPath } = this.#options;
    if (executable !== INSTALLED_EXECUTABLE) return [];
    return installExecutable(execPath) ? [`${INSTALLED_EXECUTABLE} written`] : [];
  }

  /** What a package has brought as it should be needs no twin, which would outweigh its next version. */
  #placeFiles(): string[] {
    return this.files().filter(({ path, content }) => {
      const packaged = path.replace(/^\/etc\//, "/usr/lib/");
      if (readPlaced(packaged)?.toString("utf8") === content) return removePlaced(path);
      return placeFile({ path, content, mode: 0o644 });
    }).map(({ path }) => path);
  }

  async #prepare(written: readonly string[]): Promise<void> {
    const conf = `${SERVICE_NAME}.conf`;
    await this.#systemctl.tool(["systemd-sysusers", conf]);
    await this.#systemctl.tool(["systemd-tmpfiles", "--create", conf]);
    if (written.includes(`${OWN}/${SOCKET}`)) await this.#stopFormer();
    if (written.some((path) => path.startsWith(OWN))) await this.#systemctl.reload();
  }

  /** By what systemd knows of them so far, as it would leave a socket behind that is to be elsewhere. */
  async #stopFormer(): Promise<void> {
    const names = await this.#known();
    if (names.length > 0) await this.#systemctl.stop(names);
  }

  /** Whatever has changed is started anew; the socket only where it has itself, as it then refuses. */
  async #start(hasChanged: boolean): Promise<string[]> {
    const before = await this.units();
    await this.#systemctl.enable([SOCKET, SERVICE]);
    await this.#systemctl.start(SOCKET);
    if (hasChanged) await this.#systemctl.restart(SERVICE);
    else await this.#systemctl.start(SERVICE);
    const [socket, service] = before;
    const wasThere = socket?.isActive && socket.isEnabled && service?.isActive &&
      service.isEnabled && !hasChanged;
    return wasThere ? [] : [`${SERVICE} enabled and started`];
  }

  async #stop(): Promise<string[]> {
    const names = await this.#known();
    if (names.length === 0) return [];
    await this.#systemctl.disable(names);
    return names.map((name) => `${name} stopped and disabled`);
  }

  async #known(): Promise<string[]> {
    return (await this.units()).filter(({ path }) => path !== null).map(({ name }) => name);
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** sd_booted(3) */
function isBooted(): boolean {
  return existsSync("/run/systemd/system");
}
