// Owns the tails of the normal and the chi-square distribution. Imports nothing.

/** P(normal > z), Abramowitz and Stegun 26.2.17: within 1e-7. */
export function normalUpper(z: number): number {
  if (z < 0) return 1 - normalUpper(-z);
  const t = 1 / (1 + 0.231_641_9 * z);
  const terms = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
  const sum = terms.reduce((total, factor, index) => total + factor * t ** (index + 1), 0);
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}

const LANCZOS = [
  676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6, 12.507_343_278_686_905,
  -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
] as const;

/** ln Γ(x) for x > 0 (Lanczos, g = 7): within 1e-13. */
export function logGamma(x: number): number {
  const y = x - 1;
  const base = y + 7.5;
  const sum = LANCZOS.reduce((total, factor, index) => total + factor / (y + index + 1), 0.999_999_999_999_809_9);
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** P(chi-square with `freedom` > x): the upper regularised incomplete gamma function (Abramowitz and Stegun 26.4.19). */
export function chiSquareUpper(x: number, freedom: number): number {
  if (x <= 0) return 1;
  const [a, half] = [freedom / 2, x / 2];
  return half < a + 1 ? 1 - gammaSeries(a, half) : gammaFraction(a, half);
}

/** P(chi-square with `freedom` <= x). */
export function chiSquareLower(x: number, freedom: number): number {
  if (x <= 0) return 0;
  const [a, half] = [freedom / 2, x / 2];
  return half < a + 1 ? gammaSeries(a, half) : 1 - gammaFraction(a, half);
}

const STEPS = 1000;
const ENOUGH = 1e-14;

/** Lower part by its power series, Abramowitz and Stegun 6.5.29. */
function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let step = 1; step < STEPS && term > sum * ENOUGH; step++) {
    term *= x / (a + step);
    sum += term;
  }
  return sum * Math.exp(-x + a * Math.log(x) - logGamma(a));
}

/** Upper part by its continued fraction, Abramowitz and Stegun 6.5.31, by Lentz's method. */
function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let step = 1; step < STEPS; step++) {
    const factor = -step * (step - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < ENOUGH) break;
  }
  return value * Math.exp(-x + a * Math.log(x) - logGamma(a));
}
