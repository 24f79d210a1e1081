/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** How the value is written. */
  readonly text: string;
  /** Drawn in the colour of what is claimed. */
  readonly isOurs: boolean;
}

/** Bars that are compared with each other. */
export interface Bars {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** Room for labels, which is more where one is longer than usual. */
const LABEL_WIDTH = 220;
const CHARACTER_WIDTH = 7;
const BAR_WIDTH = 400;
const TEXT_WIDTH = 140;
const ROW = 26;
const TITLE = 34;

/** Groups of bars as SVG, each group with a scale of its own. It reads on a light and on a dark background. */
export function picture(groups: readonly Bars[]): string {
  const longest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ label }) => label.length)));
  const labelWidth = Math.max(LABEL_WIDTH, 10 + longest * CHARACTER_WIDTH);
  const imageWidth = labelWidth + BAR_WIDTH + TEXT_WIDTH;
  const parts: string[] = [];
  let y = 0;
  for (const { title, bars } of groups) {
    parts.push(`<text x="0" y="${y + 22}" font-weight="bold">${escaped(title)}</text>`);
    y += TITLE;
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { label, value, text, isOurs } of bars) {
      const width = Math.max(1, Math.round((value / most) * BAR_WIDTH));
      parts.push(
        `<text x="${labelWidth - 10}" y="${y + 16}" text-anchor="end">${escaped(label)}</text>`,
        `<rect x="${labelWidth}" y="${y + 3}" width="${width}" height="${ROW - 8}" fill="${isOurs ? "#2f7ed8" : "#9aa5b1"}"/>`,
        `<text x="${labelWidth + width + 8}" y="${y + 16}">${escaped(text)}</text>`,
      );
      y += ROW;
    }
    y += 10;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${imageWidth} ${y}" width="${imageWidth}" height="${y}" font-family="sans-serif" font-size="13" fill="#808890">
${parts.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
