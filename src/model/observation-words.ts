// Owns the fixed words of an observation that judging recognises again. Imports nothing, so that judging stays light.

/** Why a probe has no evidence when the user chose to leave it out. */
export const LEFT_OUT = 'left out by choice';

/** Why a probe that reads the ride has no evidence when nothing could be ridden: a reason not to judge, never to pass. */
export const NO_ENDPOINT = 'no endpoint was found to ride';
