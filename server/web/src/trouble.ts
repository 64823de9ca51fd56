/** What went wrong, in words of the screen's language: never the server's own English sentence, which is for logs and scripts. */
import { ApiError } from "./api";
import { t, whyText, type Key, type Why } from "./i18n";

const BY_STATUS: Record<number, Key> = {
  401: "trouble.401", 403: "trouble.403", 404: "trouble.404", 409: "trouble.409", 413: "trouble.413", 422: "trouble.422", 429: "trouble.429", 503: "trouble.503",
};

const BY_CODE: Record<string, Key> = {
  forbidden: "trouble.403", invalid: "trouble.422", too_many: "trouble.429", busy: "trouble.503", closed: "trouble.closed", unauthorized: "trouble.401",
};

/** True for what a request may end with: a refusal, or no answer at all. Everything else is a fault of ours. */
export const isTrouble = (error: unknown): error is ApiError | TypeError => error instanceof ApiError || error instanceof TypeError;

export function troubleText(error: ApiError | TypeError): string {
  if (error instanceof TypeError) return t("trouble.unreachable");
  return worded(BY_STATUS[error.status], error.why);
}

/** The refusal of a report. */
export function refusalText(code: string | undefined, why: Why | null | undefined): string {
  return worded(code ? BY_CODE[code] : undefined, why);
}

/** The general words, and the particular ones where they say more. */
function worded(key: Key | undefined, why: Why | null | undefined): string {
  const more = why && why.code !== "other" ? whyText(why) : null;
  return key ? (more ? `${t(key)} (${more})` : t(key)) : (more ?? t("trouble.other"));
}
