// Owns what `probe serve` does where nobody says otherwise.

/** Where it answers. */
export const LISTEN = '127.0.0.1:9115';
/** How often files are looked at, once that is asked for. */
export const AUTO_RELOAD = '30s';
