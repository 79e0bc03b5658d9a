/** Identifier octets (X.690 section 8.1.2) that PKCS#12 uses. */
export const TAG = {
  INTEGER: 0x02,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
  /** Context-specific 0, constructed: EXPLICIT [0]. */
  CONTEXT_0: 0xa0,
  /** Context-specific 0, primitive: [0] IMPLICIT OCTET STRING. */
  CONTEXT_0_PRIMITIVE: 0x80,
} as const;
