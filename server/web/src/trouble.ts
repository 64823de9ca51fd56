/** What went wrong, in words of the screen's language; the server's own explanation stands behind it. */
import { ApiError } from "./api";
import { t, type Key } from "./i18n";

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
  const key = BY_STATUS[error.status];
  return key ? `${t(key)} (${error.message})` : error.message;
}

/** The refusal of a report. */
export function refusalText(code: string | undefined, description: string | undefined): string {
  const key = code ? BY_CODE[code] : undefined;
  return key ? `${t(key)}${description ? ` (${description})` : ""}` : (description ?? code ?? "?");
}
