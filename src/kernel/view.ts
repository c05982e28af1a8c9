/** Pages that show a tool's result to a person: in the conversation where the host has MCP Apps, else as a file. */
export const VIEWS = ["trace"] as const;
export type View = (typeof VIEWS)[number];

export const viewUri = (view: View) => `ui://ml-engine/${view}`;
