# ICC(1,1), ICC(2,1), ICC(3,1) with F intervals (psych) and within-subject SD for every feature of the test-retest example.
# Rscript qin.R ../../../examples/repeatability/data/t2_bin10.csv > qin.csv
library(psych)
d <- read.csv(commandArgs(TRUE)[1], sep = ";", check.names = FALSE, quote = "")
d$patient <- sub("^(PCAMPMRI-[0-9]+)_.*", "\\1", d$study)
d$visit <- sub(".*_([0-9]{8})_.*", "\\1", d$study)
d$target <- paste(d$patient, d$segmentedStructure)
d <- d[order(d$target, d$visit), ]
d <- d[d$target %in% names(which(table(d$target) == 2)), ]
features <- grep("^original_", names(d), value = TRUE)
cat("feature,icc1,icc2,icc3,low2,high2,wsd,rc\n")
for (f in features) {
  m <- matrix(as.numeric(d[[f]]), ncol = 2, byrow = TRUE)
  r <- ICC(m, lmer = FALSE)$results
  w <- sqrt(mean(apply(m, 1, var)))
  cat(f, sprintf("%.15g", c(r$ICC[1:3], r[["lower bound"]][2], r[["upper bound"]][2], w, 1.96 * sqrt(2) * w)), sep = ",")
  cat("\n")
}
