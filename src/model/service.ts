/** A file that a service manager goes by. */
export interface ServiceFile {
  readonly path: string;
  readonly content: string;
}

/** A part of the service, as its manager sees it. */
export interface ServiceUnit {
  /** `metricshub-apikey.socket` */
  readonly name: string;
  /** Where the manager has it from; null for one that is not installed. */
  readonly path: string | null;
  /** Whether it is started with the system. */
  readonly isEnabled: boolean;
  readonly isActive: boolean;
  /** In the manager's own words: `active (running)`. */
  readonly state: string;
  /** What the service says of itself; null for nothing. */
  readonly status: string | null;
}

/** What has become of an installation. */
export interface ServiceChange {
  readonly changed: boolean;
  /** What has been done, and what stays, each a line. */
  readonly steps: readonly string[];
}

/** The daemon as a service of the operating system. */
export interface Service {
  /** What an installation would consist of here. */
  files(): readonly ServiceFile[];
  /**
   * Installs it, or what is missing of it, and starts it.
   *
   * @throws AppError ERR_FORBIDDEN, ERR_SERVICE
   */
  install(): Promise<ServiceChange>;
  /**
   * Takes away what {@link install} has brought.
   *
   * @throws AppError ERR_FORBIDDEN, ERR_SERVICE
   */
  uninstall(): Promise<ServiceChange>;
  /** @throws AppError ERR_SERVICE */
  units(): Promise<readonly ServiceUnit[]>;
}
