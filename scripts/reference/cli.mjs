// docs/reference/cli.md: what --help prints of each command.
import { allCommands } from "../../packages/server/test/harness/commands.ts";

const WIDTH = 110;

/** The page's text. */
export function cliPage() {
  const sections = allCommands().map(({ name, command }) => {
    let help = "";
    command.configureOutput({
      writeOut: (part) => (help += part),
      getOutHelpWidth: () => WIDTH,
      getOutHasColors: () => false,
    });
    command.outputHelp();
    return `## \`interpose${name === "" ? "" : ` ${name}`}\`\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
  });
  return `# Reference of the command line\n\nWhat \`--help\` prints of each command. [The command line](../cli.md) explains it, with examples and the JSON that commands answer.\n\n${sections.join("\n")}`;
}
