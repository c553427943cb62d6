// Owns with what a journey shows who it is. Values come from files and the environment, and are opened where they are sent.
import type { Secret } from './secret.ts';

/** RFC 7617. */
export interface BasicCredentials {
  readonly scheme: 'basic';
  readonly user: Secret;
  readonly password: Secret;
}

/** RFC 6750. */
export interface BearerCredentials {
  readonly scheme: 'bearer';
  readonly token: Secret;
}

/** The client credentials grant: RFC 6749 4.4. */
export interface ClientCredentials {
  readonly scheme: 'oauth2';
  /** https, or http of this machine. */
  readonly tokenUrl: string;
  readonly clientId: Secret;
  readonly clientSecret: Secret;
  /** Names with blanks between them. */
  readonly scope: string | null;
  /** Not of the RFC, and asked for by many. */
  readonly audience: string | null;
  /** Where the client's own credentials go: RFC 6749 2.3.1. */
  readonly send: 'header' | 'body';
}

/** AWS Signature Version 4. */
export interface SignatureCredentials {
  readonly scheme: 'sigv4';
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
  readonly region: string;
  /** As AWS calls it in signatures: execute-api, s3, kms. */
  readonly service: string;
}

export type Credentials = BasicCredentials | BearerCredentials | ClientCredentials | SignatureCredentials;
