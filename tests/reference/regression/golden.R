# Golden values of continuous outcomes. Run in this folder: Rscript golden.R
suppressWarnings(suppressMessages(library(glmnet)))
out <- data.frame(name = character(), value = numeric())
put <- function(name, values) {
  values <- as.numeric(values); names <- if (length(values) == 1) name else paste(name, seq_along(values), sep = ".")
  out <<- rbind(out, data.frame(name = names, value = values))
}
lung <- read.csv("../stats/lung_cc.csv"); y <- lung$wt.loss; x <- as.matrix(lung[, c("time", "age", "sex", "ph.ecog")])
fit <- lm(y ~ x); p <- 1.4 * fitted(fit) - 3
line <- lm(y ~ p); put("intercept", c(coef(line)[1], confint(line)[1, ])); put("slope", c(coef(line)[2], confint(line)[2, ]))
put("r2", 1 - sum((y - p)^2) / sum((y - mean(y))^2)); put("rmse", sqrt(mean((y - p)^2))); put("mae", mean(abs(y - p)))
gap <- t.test(y - p); put("mean", c(gap$estimate, gap$conf.int))
put("spearman", cor(x, y, method = "spearman"))
z <- scale(x) * sqrt(nrow(x) / (nrow(x) - 1)); s <- sqrt(mean((y - mean(y))^2))
# glmnet scales y to SD 1 inside, which changes what the ridge part weighs: give it so
for (alpha in c(0.5, 1)) {
  fit <- glmnet(z, y / s, alpha = alpha, standardize = FALSE, thresh = 1e-20, maxit = 1e7, lambda = c(0.3, 0.1, 0.03))
  for (l in c(0.1, 0.03)) put(paste("net", alpha * 10, l * 100, sep = "."), as.numeric(coef(fit, s = l)))
}
write.csv(transform(out, value = sprintf("%.17g", value)), "golden.csv", row.names = FALSE, quote = FALSE)
