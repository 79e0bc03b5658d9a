import { debianRoot } from "../support/debian_root.ts";

/** What the package needs, and its systemd. */
const PACKAGES = ["adduser", "libatomic1", "systemd"];

/** The systems that the service is tried on, each with its own systemd. */
export const SYSTEMS = [
  { name: "systemd 252", root: () => debianRoot({ suite: "bookworm", packages: PACKAGES }) },
  { name: "systemd 257", root: () => debianRoot({ suite: "trixie", packages: PACKAGES }) },
] as const;
