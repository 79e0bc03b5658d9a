/** What a reader sees in a keystore, in a form in which two readers can be compared. */
export interface View {
  readonly parts: readonly PartView[];
}

export interface PartView {
  readonly contentType: string;
  /** The SafeContents, decrypted; undefined where the reader cannot see inside. */
  readonly safeContents: Uint8Array | undefined;
  /** Each undefined where the reader makes nothing of it; all of them where it sees none. */
  readonly bags: readonly (BagView | undefined)[] | undefined;
}

export interface BagView {
  readonly bagId: string;
  readonly friendlyName: string | undefined;
  /** In hexadecimal. */
  readonly localKeyId: string | undefined;
  /** What is in a SecretBag, in hexadecimal; undefined for one that does not open. */
  readonly secret: string | undefined;
}

/** What this program's reader tells about itself on top of that. */
export interface OwnView extends View {
  readonly authenticatedSafe: Uint8Array;
  readonly parts: readonly OwnPartView[];
}

export interface OwnPartView extends PartView {
  readonly bags: readonly OwnBagView[] | undefined;
}

export interface OwnBagView extends BagView {
  /** Why a SecretBag does not open. */
  readonly problem: string | undefined;
  /** The encryption of one that opens, and the PrivateKeyInfo in it. */
  readonly scheme: string | undefined;
  readonly privateKeyInfo: Uint8Array | undefined;
}

export function hex(bytes: Uint8Array | ArrayBuffer): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}
