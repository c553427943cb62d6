// Owns what a reporter is: a pure function from a finished journey to text.
import type { Journey } from '../model/journey.ts';
import type { Section } from './section.ts';

/** Where the text goes. `columns` and `colour` matter to terminals only. */
export interface View {
  readonly columns: number;
  readonly colour: boolean;
  readonly verbose: boolean;
  /** Only the headline and the findings. */
  readonly quiet?: boolean;
}

export interface Reporter {
  readonly id: string;
  readonly mediaType: string;
  render(journey: Journey, sections: readonly Section[], view: View): string | Promise<string>;
}
