// The ASN.1 reader of node-forge alone (3 ms to load; the whole of node-forge is 30 ms), as far as it is used here.
declare module 'node-forge/lib/asn1.js' {
  export interface Asn1 {
    readonly tagClass: number;
    readonly type: number;
    readonly constructed: boolean;
    /** Children, or the content bytes as a binary string. */
    readonly value: string | readonly Asn1[];
  }
  const asn1: {
    /** @throws an Error for what is no DER, or nested deeper than 256 */
    fromDer(bytes: string, options: { readonly strict: boolean; readonly decodeBitStrings: boolean }): Asn1;
    toDer(node: Asn1): { getBytes(): string };
    /** @throws an Error for arcs over 53 bits */
    derToOid(bytes: string): string;
  };
  export default asn1;
}

// The PEM reader alone.
declare module 'node-forge/lib/pem.js' {
  export interface PemBlock {
    readonly type: string;
    /** Binary string. */
    readonly body: string;
  }
  const pem: {
    /** @throws an Error for a text without any block, or a block with broken headers; a block with broken base64 is left out */
    decode(text: string): PemBlock[];
  };
  export default pem;
}

// PKCS#12, which brings the whole of node-forge along (30 ms to load).
declare module 'node-forge/lib/pkcs12.js' {
  import type { Asn1 } from 'node-forge/lib/asn1.js';
  export interface Bag {
    readonly type: string;
    readonly attributes: Readonly<Record<string, readonly string[] | undefined>>;
    /** Null for certificates whose key is not RSA; these stand in `asn1` alone. */
    readonly cert?: unknown;
    readonly asn1?: Asn1;
  }
  const pkcs12: {
    /** @throws an Error for what is no PFX, and for a wrong password */
    pkcs12FromAsn1(
      pfx: Asn1,
      strict: boolean,
      password: string | undefined,
    ): { readonly safeContents: readonly { readonly safeBags: readonly Bag[] }[] };
  };
  export default pkcs12;
}

declare module 'node-forge/lib/pki.js' {
  import type { Asn1 } from 'node-forge/lib/asn1.js';

  const pki: { certificateToAsn1(certificate: unknown): Asn1 };
  export default pki;
}
