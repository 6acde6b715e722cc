// Render the JSON Resume on standard input with a theme: node render_resume.js NAME
import { readFileSync } from "node:fs";

const theme = await import(`jsonresume-theme-${process.argv[2]}`);
process.stdout.write((theme.render ?? theme.default.render)(JSON.parse(readFileSync(0, "utf8"))));
