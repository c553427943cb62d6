import type { IForbiddenRuleType } from 'dependency-cruiser';

declare const config: {
  readonly forbidden: readonly (IForbiddenRuleType & { readonly name: string })[];
  readonly options: { readonly parser: string; readonly exclude: { readonly path: string } };
};
export default config;
