# Scores patients with a locked radaudit signature: base R and jsonlite, nothing of radaudit.
#   Rscript score.R signature.json                            checks the test vectors
#   Rscript score.R signature.json patients.csv scores.csv    checks them, then scores (columns named as in the signature)
# As a library: source("score.R"); sig <- read_signature("signature.json"); score_row(sig, list(age = "60", ...))

read_signature <- function(path) jsonlite::fromJSON(path, simplifyVector = FALSE)

NUMERAL <- "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$"

# a cell as text without outer blanks; "" if nothing is left; a whole number without its point
cell_text <- function(cell) {
  if (is.null(cell) || length(cell) == 0 || is.na(cell)) return("")
  if (is.character(cell)) return(gsub("^[ \t\r\n]+|[ \t\r\n]+$", "", cell))
  if (cell == trunc(cell)) format(cell, scientific = FALSE, trim = TRUE, digits = 17) else format(cell, digits = 17)
}

# the number in a cell: NA if it is empty, NaN if it is something else
cell_number <- function(cell) {
  if (is.numeric(cell) && length(cell) == 1 && is.finite(cell)) return(as.numeric(cell))
  text <- cell_text(cell)
  if (text == "") return(NA_real_)
  value <- if (grepl(NUMERAL, text)) suppressWarnings(as.numeric(text)) else NaN
  if (is.finite(value)) value else NaN
}

spelt <- function(item, row) {
  found <- intersect(c(item$name, unlist(item$aliases)), names(row))
  if (length(found)) found[[1]] else NA_character_
}

combat <- function(step, x, batch, design) {
  site <- step$sites[[batch]]
  if (is.null(site) || identical(batch, step$reference) || batch %in% unlist(step$keep)) return(x)
  m <- as.numeric(unlist(step$grand_mean))
  for (k in seq_along(step$columns)) m <- m + design[[step$columns[[k]]]] * as.numeric(unlist(step$coefficients[[k]]))
  (x - m - as.numeric(unlist(step$pooled_sd)) * as.numeric(unlist(site$gamma))) / sqrt(as.numeric(unlist(site$delta))) + m
}

risk_of <- function(sig, x, batch, design) {
  for (step in sig$steps) {
    take <- function(name) as.numeric(unlist(step[[name]]))
    x <- switch(step$op,
      combat = combat(step, x, batch, design),
      impute = ifelse(is.na(x), take("value"), x),
      standardise = (x - take("mean")) / take("sd"),
      linear = step$intercept + sum(take("coef") * x),
      logistic = plogis(x),
      cox = -expm1(-tail(take("cumulative_hazard"), 1) * exp(pmin(x, 700))),
      identity = x,
      stop("unknown step ", step$op))
  }
  x
}

# list(status, group, codes, risk) of one row, a named list of cells
score_row <- function(sig, row) {
  gone <- FALSE; refuse <- character(); flag <- character(); x <- numeric(); design <- list(); batch <- ""
  features <- Filter(function(item) item$kind == "feature", sig$inputs)
  columns <- if (is.null(sig$batch)) character() else unlist(sig$batch$columns)
  if (any(vapply(sig$inputs, function(item) is.na(spelt(item, row)), NA)) || any(!columns %in% names(row))) refuse <- "SCORE-002"
  if (length(columns) && all(columns %in% names(row))) {
    parts <- vapply(columns, function(name) cell_text(row[[name]]), "")
    if (any(parts == "")) refuse <- c(refuse, "SCORE-003") else {
      batch <- paste(parts, collapse = sig$batch$separator)
      for (new in names(sig$batch$merge)) if (batch %in% unlist(sig$batch$merge[[new]])) { batch <- new; break }
      if (!batch %in% unlist(sig$batch$known)) {
        if (sig$batch$unseen == "refuse") refuse <- c(refuse, "SCORE-001") else flag <- c(flag, "SCORE-001")
      }
    }
  }
  for (item in sig$settings) if (!cell_text(row[[item$column]]) %in% c("", item$value)) refuse <- c(refuse, "SCORE-004")
  x <- vapply(features, function(item) { name <- spelt(item, row); if (is.na(name)) NA_real_ else cell_number(row[[name]]) }, 0)
  if (any(is.nan(x))) refuse <- c(refuse, "SCORE-005")
  absent <- is.na(x) & !is.nan(x)
  strict <- vapply(features, function(item) item$missing == "error", NA)
  if (any(absent & strict) || (length(x) && all(absent))) refuse <- c(refuse, "SCORE-003")
  else if (any(absent)) flag <- c(flag, "SCORE-003")
  low <- vapply(features, function(item) item$min, 0); high <- vapply(features, function(item) item$max, 0)
  if (any(!is.na(x) & (x < low | x > high))) flag <- c(flag, "SCORE-006")
  for (item in Filter(function(item) item$kind == "covariate", sig$inputs)) {
    name <- spelt(item, row); if (is.na(name)) next
    text <- cell_text(row[[name]])
    if (text == "") refuse <- c(refuse, "SCORE-003")
    else if (length(item$levels)) {
      if (!text %in% unlist(item$levels)) refuse <- c(refuse, "SCORE-007")
      for (level in unlist(item$levels)) design[[paste0(item$name, "[", level, "]")]] <- as.numeric(level == text)
    } else {
      value <- cell_number(row[[name]])
      if (is.nan(value)) refuse <- c(refuse, "SCORE-005") else design[[item$name]] <- value
    }
  }
  if (length(refuse)) return(list(status = "refused", group = "", codes = unique(refuse), risk = NA_real_))
  risk <- risk_of(sig, x, batch, design)
  status <- if (length(flag)) "flagged" else "scored"
  list(status = status, group = if (risk >= sig$threshold$value) "high" else "low", codes = unique(flag), risk = risk)
}

# TRUE for every test vector that this program answers as the signature says
reproduced <- function(sig) vapply(sig$test_vectors, function(v) {
  own <- score_row(sig, v$row)
  same <- own$status == v$status && own$group == v$group && identical(as.character(own$codes), as.character(unlist(v$codes)))
  same && if (is.null(v$risk)) is.na(own$risk) else isTRUE(abs(own$risk - v$risk) < 1e-12)
}, NA)

if (sys.nframe() == 0L) {
  words <- commandArgs(trailingOnly = TRUE)
  if (!length(words) %in% c(1, 3)) stop("usage: Rscript score.R signature.json [patients.csv scores.csv]")
  sig <- read_signature(words[[1]])
  good <- reproduced(sig)
  message(sig$name, " ", sig$version, ": ", sum(good), " of ", length(good), " test vectors")
  if (!all(good)) quit(status = 3)
  if (length(words) == 3) {
    table <- read.csv(words[[2]], check.names = FALSE, colClasses = "character", na.strings = character(), encoding = "UTF-8")
    rows <- lapply(seq_len(nrow(table)), function(i) score_row(sig, as.list(table[i, , drop = FALSE])))
    subject <- table[[sig$columns$subject]]
    inert <- ifelse(grepl("^[=+@\t\r-]", subject), paste0("'", subject), subject)
    risk <- vapply(rows, function(r) if (is.na(r$risk)) "" else format(r$risk, digits = 17), "")
    out <- data.frame(subject = inert, risk = risk, group = vapply(rows, `[[`, "", "group"), status = vapply(rows, `[[`, "", "status"),
                      codes = vapply(rows, function(r) paste(r$codes, collapse = " "), ""))
    write.csv(out, words[[3]], row.names = FALSE)
    quit(status = as.integer(any(out$status == "refused")))
  }
}
