// Owns the options of the request that every sample sends, as commander reads them.
import { type Command, Option } from 'commander';

/** Everything of the request but its target. */
export function requestOptions(command: Command): Command {
  return command
    .option('-X, --method <M>', 'request method', 'GET')
    .addOption(repeatable('-H, --header <K:V>', 'add a request header (repeat); values are never reported'))
    .option(
      '--auth <S:W>',
      'show who the caller is: basic:FILE (USER:PASSWORD), bearer:FILE, sigv4:REGION/SERVICE (keys from AWS_*); OAuth 2 in a journey file',
    )
    .option('--body <F>', 'send this file as the request body')
    .option('--user-agent <S>', 'User-Agent to send');
}

export function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect).default([], 'none');
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];
