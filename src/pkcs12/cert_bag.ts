import { DerReader } from "./der_reader.ts";
import {
  encodeDer,
  encodeObjectIdentifier,
  encodeOctetString,
  encodeSequence,
} from "./der_writer.ts";
import { OID } from "./oid.ts";
import { TAG } from "./tag.ts";
import { unsupported } from "./unreadable.ts";

/** RFC 7292 section 4.2.3: the DER of the X.509 certificate that a CertBag holds. */
export function decodeCertBag(bagValue: Uint8Array): Uint8Array {
  const outer = new DerReader(bagValue);
  const certBag = outer.enter(TAG.SEQUENCE);
  outer.finish();
  const certId = certBag.objectIdentifier();
  if (certId !== OID.X509_CERTIFICATE) throw unsupported(`unsupported certificate type ${certId}`);
  const explicit = certBag.enter(TAG.CONTEXT_0);
  certBag.finish();
  const certificate = explicit.content(TAG.OCTET_STRING);
  explicit.finish();
  return certificate;
}

/** @returns the `bagValue` of a CertBag that holds this certificate in DER */
export function encodeCertBag(certificate: Uint8Array): Uint8Array {
  return encodeSequence(
    encodeObjectIdentifier(OID.X509_CERTIFICATE),
    encodeDer(TAG.CONTEXT_0, encodeOctetString(certificate)),
  );
}
