/** What an example needs that is not there for all of them, or how it ends if not with 0. */
export interface Surrounding {
  /** What somebody has done before, in the words of a shell. */
  readonly before?: string;
  /** What is run in its place. */
  readonly instead?: string;
  /** A daemon runs. */
  readonly served?: true;
  /** It is run in the project's folder, by whoever runs the tests. */
  readonly inProject?: true;
  readonly status?: number;
}

/**
 * Run once, as root, in the folder in which each of the examples is run then with what this leaves:
 * a default keystore with the keys `mcp-openai` and `mcp-claude`, and the files that examples name.
 * `/given` has a keystore of Java's, and the declaration of the documentation.
 */
export const PREPARATION = `
umask 077
apikey create mcp-openai --expires-on 2031-12-31T23:59:59 --quiet >key.txt
apikey create mcp-claude --expires-on 2031-12-31T23:59:59
cp /given/java.p12 other.p12
cp /given/java.p12 copy.p12
install -D /given/java.p12 /opt/metricshub/security/metricshub-keystore.p12
cp /given/keys.yaml .
mkdir keys repository
echo "nothing" >repository/file
cp key.txt leaked.txt
echo "INSERT INTO t VALUES ('nothing');" >dump.sql
echo '{"version":1,"keys":[{"alias":"mcp-openai","owner":"ops"}]}' >keys.json
printf 'alias,key\nmcp-claude,3f2b1c4d-8e5f-4a2b-bc15-0ba0f60b15f3\n' >keys.csv
echo 'Another 1' >new-password
`;

/** What that changes, and what examples change. */
export const FOLDERS = ["/var/lib/metricshub", "/opt/metricshub", "/root"] as const;

const SECURITY = "/var/lib/metricshub/security";
const LOG = `${SECURITY}/metricshub-keystore.audit.jsonl`;
const NO_KEYS = "apikey revoke mcp-openai; apikey revoke mcp-claude";
const CERTIFICATE = "apikey audit certificate >audit.pem";
const CONFIGURATION = "echo 'generations: 2' >apikey.yaml";
const SERVICE = "apikey service install";

const CURL = String.raw`curl --unix-socket /run/metricshub/apikey.sock http://localhost/v1/verify \
    --json '{"key":"eb47c2be-927f-495f-aa97-0ba0f60b8986"}'`;

/** By the example, to the letter. */
export const SURROUNDINGS: Readonly<Record<string, Surrounding>> = {
  "apikey create --alias mcp-openai": { before: NO_KEYS },
  "apikey create mcp-claude --json": { before: NO_KEYS },
  "apikey create mcp-claude --expires-on 2031-12-31T23:59:59": { before: NO_KEYS },
  "apikey export --output-file ./keys.yaml": { before: "rm keys.yaml" },
  "apikey scan --revoke leaked.txt": { status: 3 },
  "apikey import other.p12 --source-password-file ./other.password": {
    before: "rm other.p12; apikey create another --keystore ./other.p12",
  },
  "apikey keystore restore /root/keystore-backup.p12": {
    before: "apikey keystore backup /root/keystore-backup.p12",
  },
  "apikey keystore restore metricshub-keystore.p12.generation-1": {
    before: `cp ${SECURITY}/metricshub-keystore.p12.generation-1 .`,
  },
  "apikey audit verify audit.jsonl.2 audit.jsonl.1 audit.jsonl": {
    before: `
head -n 1 ${LOG} >audit.jsonl.2
sed -n 2p ${LOG} >audit.jsonl.1
tail -n +3 ${LOG} >audit.jsonl`,
  },
  "apikey audit verify copy.jsonl --certificate audit.pem": {
    before: `${CERTIFICATE}; cp ${LOG} copy.jsonl`,
  },
  "apikey config check ./apikey.yaml --json": { before: CONFIGURATION },
  "apikey config show --config ./apikey.yaml --json": { before: CONFIGURATION },
  "apikey service uninstall": { before: SERVICE },
  "apikey service status": { before: SERVICE },
  "apikey service status --json": { before: SERVICE },
  "apikey daemon --socket-group metricshub --admin-group metricshub": {
    before: "groupadd --system metricshub",
  },

  "npm ci && npm run build && ./dist/apikey create --alias first --keystore ./demo.p12": {
    // It has been built.
    instead: "apikey create --alias first --keystore ./demo.p12",
  },
  "npm run fuzz -- --cases 200000 --seed 7": {
    // That many take minutes.
    instead: "npm run fuzz -- --cases 20 --seed 7",
    inProject: true,
  },
  "npm run fuzz -- --seed 7 --only-case 1234": { inProject: true },
  "sudo apikey create --alias mcp-openai": { before: NO_KEYS },
  // Which has just been disabled.
  "sudo apikey rotate mcp-openai --grace 7d": { before: "apikey enable mcp-openai" },
  "sudo apikey list": { before: "apikey create mcp-claude --expires-on 2031-12-31T23:59:59" },
  [CURL]: { served: true },
  "journalctl -u metricshub-apikey --grep 41m74z78-5": {
    before: SERVICE,
    // No request has failed.
    instead: "journalctl -u metricshub-apikey --grep listening",
  },
  "apikey audit verify audit.jsonl --certificate audit.pem": { before: `cp ${LOG} audit.jsonl` },
};

/** Who else executes an example that cannot be run here: a file, and words of it that do so. */
export const ELSEWHERE: Readonly<
  Record<string, { readonly file: string; readonly words: string }>
> = {
  "npm ci && npm test": { file: ".ci/run", words: "npm ci && npm test" },
  "npm ci && npm run build:client && npm pack ./dist/client": {
    file: "test/support/client_project.ts",
    words: '"npm", "pack"',
  },
  "npm install /path/to/metricshub-apikey-0.1.0.tgz hono @hono/node-server": {
    file: "test/support/client_project.ts",
    words: "What `npm install FILE` does",
  },
};
