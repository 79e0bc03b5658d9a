/** Groups that every Debian has by name, for tests that need some. */
export const GAMES = { name: "games", gid: 60 };
export const USERS = { name: "users", gid: 100 };
