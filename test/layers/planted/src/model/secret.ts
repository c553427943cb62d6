export const secret = 'x';
