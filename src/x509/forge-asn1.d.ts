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
