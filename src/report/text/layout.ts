// Owns the measures that every block of the text report shares.

/** Columns before the content of a line: marks and question numbers stand there. */
export const GUTTER = 6;
/** Narrower terminals are treated as this wide. */
export const NARROWEST = 40;
/** From here on there is room for generous gaps. */
export const ROOMY = 100;
