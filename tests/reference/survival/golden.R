# Golden values of the survival measures and models. Run in this folder: Rscript golden.R
suppressWarnings(suppressMessages({library(survival); library(rms); library(cmprsk); library(glmnet)}))
out <- data.frame(name = character(), value = numeric())
put <- function(name, values) {
  values <- as.numeric(values)
  names <- if (length(values) == 1) name else paste(name, seq_along(values), sep = ".")
  out <<- rbind(out, data.frame(name = names, value = values))
}
tight <- coxph.control(eps = 1e-13, iter.max = 100, toler.chol = 1e-14)

# baseline hazard at the means of all columns: coxph does not centre columns of 0 and 1
at_means <- function(fit, x) { h <- basehaz(fit, centered = TRUE); h$hazard <- h$hazard * exp(sum((colMeans(x) - fit$means) * coef(fit))); h }

# lung (complete cases, in ../stats), the same with times rounded to 30 days (many ties), veteran
lung <- read.csv("../stats/lung_cc.csv"); lung$lp <- read.csv("../stats/lung_lp.csv")$lp; lung$p365 <- read.csv("../stats/lung_p365.csv")$p365
tied <- lung; tied$time <- 30 * ceiling(tied$time / 30)
vet <- survival::veteran; vet$squamous <- as.integer(vet$celltype == "squamous"); vet$small <- as.integer(vet$celltype == "smallcell")
vet <- vet[, c("time", "status", "trt", "karno", "diagtime", "age", "prior", "squamous", "small")]
write.csv(vet, "veteran.csv", row.names = FALSE, quote = FALSE)
cases <- list(
  lung = list(y = Surv(lung$time, lung$ev), x = as.matrix(lung[, c("age", "sex", "ph.ecog", "wt.loss")]), group = lung$sex),
  tied = list(y = Surv(tied$time, tied$ev), x = as.matrix(tied[, c("age", "sex", "ph.ecog", "wt.loss")]), group = tied$sex),
  veteran = list(y = Surv(vet$time, vet$status), x = as.matrix(vet[, c("trt", "karno", "diagtime", "age", "prior", "squamous", "small")]), group = vet$trt))

for (name in names(cases)) {
  case <- cases[[name]]; y <- case$y; x <- case$x
  at <- if (name == "veteran") c(30, 90, 180) else c(180, 365, 545)
  for (transform in c("plain", "log", "log-log")) {
    fit <- survfit(y ~ 1, conf.type = transform); s <- summary(fit, times = at)
    put(paste("km", name, transform, "share", sep = "."), s$surv)
    put(paste("km", name, transform, "error", sep = "."), s$std.err)
    put(paste("km", name, transform, "low", sep = "."), s$lower); put(paste("km", name, transform, "high", sep = "."), s$upper)
  }
  put(paste("km", name, "median", sep = "."), summary(survfit(y ~ 1))$table[["median"]])
  table <- summary(survfit(y ~ 1), rmean = at[2])$table
  put(paste("rmst", name, "mean", sep = "."), table[["rmean"]]); put(paste("rmst", name, "error", sep = "."), table[["se(rmean)"]])
  test <- survdiff(y ~ case$group)
  put(paste("logrank", name, sep = "."), c(test$chisq, length(test$n) - 1, pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE)))
  three <- cut(x[, if (name == "veteran") "karno" else "age"], 3, labels = FALSE); test <- survdiff(y ~ three)
  put(paste("logrank3", name, sep = "."), c(test$chisq, length(test$n) - 1, pchisq(test$chisq, length(test$n) - 1, lower.tail = FALSE)))
  for (ties in c("efron", "breslow")) {
    fit <- coxph(y ~ x, ties = ties, control = tight)
    key <- paste("cox", name, ties, sep = ".")
    put(paste(key, "coef", sep = "."), coef(fit)); put(paste(key, "se", sep = "."), sqrt(diag(vcov(fit))))
    put(paste(key, "loglik", sep = "."), fit$loglik); put(paste(key, "score", sep = "."), fit$score)
    hazard <- at_means(fit, x)
    put(paste(key, "hazard", sep = "."), approx(c(0, hazard$time), c(0, hazard$hazard), at, method = "constant")$y)
  }
  fit <- coxph(y ~ x, ties = "breslow", control = tight, robust = TRUE)
  put(paste("cox", name, "robust", sep = "."), sqrt(diag(vcov(fit))))
  fit <- coxph(y ~ x, control = tight); lp <- as.numeric(scale(x, scale = FALSE) %*% coef(fit))
  for (weight in c("n", "n/G2")) for (tau in c(Inf, at[2])) {
    ymax <- if (is.finite(tau)) tau else NULL
    c1 <- concordance(y ~ lp, reverse = TRUE, timewt = weight, ymax = ymax)
    put(paste("c", name, if (weight == "n") "harrell" else "uno", if (is.finite(tau)) "tau" else "all", sep = "."), c(c1$concordance, sqrt(c1$var)))
  }
  ids <- rep(seq_len(ceiling(length(lp) / 3)), each = 3)[seq_along(lp)]
  c1 <- concordance(y ~ lp, reverse = TRUE, cluster = ids)
  put(paste("c", name, "clustered", sep = "."), c(c1$concordance, sqrt(c1$var)))
  coarse <- round(lp, 1); c1 <- concordance(y ~ coarse, reverse = TRUE)
  put(paste("c", name, "coarse", sep = "."), c(c1$concordance, sqrt(c1$var)))
  c2 <- concordance(coxph(y ~ lp), coxph(y ~ x[, if (name == "veteran") "karno" else "age"]))
  contrast <- c(1, -1); put(paste("cdiff", name, sep = "."), c(sum(contrast * coef(c2)), sqrt(drop(contrast %*% vcov(c2) %*% contrast))))
  fit <- coxph(y ~ lp2, data = data.frame(lp2 = 1.3 * lp), control = tight)
  put(paste("slope", name, sep = "."), c(coef(fit), sqrt(vcov(fit))))

  # IPCW by hand: G just before the time of a case, G at the horizon for who is followed beyond it (prodlim's order of ties)
  fit <- coxph(y ~ x, ties = "efron", control = tight); hazard <- at_means(fit, x); score <- as.numeric(scale(x, scale = FALSE) %*% coef(fit))
  time <- y[, 1]; event <- y[, 2]
  g <- survfit(Surv(time + ifelse(event == 0, 1e-3, 0), 1 - event) ~ 1)  # censored after the events of the same time
  G <- stepfun(g$time, c(1, g$surv))
  for (k in seq_along(at)) {
    h <- at[k]; H <- approx(c(0, hazard$time), c(0, hazard$hazard), h, method = "constant")$y; p <- 1 - exp(-H * exp(score))
    case_w <- ifelse(time <= h & event == 1, 1 / G(time - 1e-4), 0); control_w <- ifelse(time > h, 1 / G(h + 1e-2), 0)
    wins <- outer(score, score, function(a, b) (a > b) + 0.5 * (a == b))
    put(paste("auc", name, k, sep = "."), sum(outer(case_w, control_w) * wins) / (sum(case_w) * sum(control_w)))
    brier <- mean(case_w * (1 - p)^2 + control_w * p^2); put(paste("brier", name, k, sep = "."), brier)
    km <- 1 - summary(survfit(y ~ 1), times = h)$surv; null <- mean(case_w * (1 - km)^2 + control_w * km^2)
    put(paste("ipa", name, k, sep = "."), 1 - brier / null); put(paste("oe", name, k, sep = "."), km / mean(p))
    for (t in c(0.2, 0.5, 0.7)) {
      called <- p >= t; q <- mean(called)
      r <- if (any(called)) 1 - summary(survfit(y[called] ~ 1), times = h, extend = TRUE)$surv else 0
      put(paste("nb", name, k, t * 10, sep = "."), r * q - (1 - r) * q * t / (1 - t))
    }
  }
  # calibration curve: coxph on the spline of the complementary log-log, baseline of survfit
  h <- at[2]; H <- approx(c(0, hazard$time), c(0, hazard$hazard), h, method = "constant")$y; p <- 1 - exp(-H * exp(score)); cll <- log(-log(1 - p))
  basis <- Hmisc::rcspline.eval(cll, nk = 3, inclx = TRUE); fit <- coxph(y ~ basis, control = tight)
  observed <- 1 - exp(-approx(c(0, basehaz(fit, centered = TRUE)$time), c(0, basehaz(fit, centered = TRUE)$hazard), h, method = "constant")$y * exp(predict(fit, type = "lp")))
  gap <- abs(p - observed); put(paste("ici", name, sep = "."), c(mean(gap), median(gap), quantile(gap, 0.9)))
  put(paste("knots", name, sep = "."), attr(basis, "knots"))
}

# competing events: mgus2 (progression or death), every tenth patient
m <- survival::mgus2; m$etime <- ifelse(m$pstat == 1, m$ptime, m$futime); m$cause <- ifelse(m$pstat == 1, 1, 2 * m$death)
m <- m[seq(1, nrow(m), 5), c("etime", "cause")]; m <- m[m$etime > 0, ]
write.csv(m, "mgus2.csv", row.names = FALSE)
ci <- cuminc(m$etime, m$cause); at <- timepoints(ci, c(60, 120, 240))
put("cif.1", at$est[1, ]); put("cif.2", at$est[2, ]); put("cifvar.1", at$var[1, ]); put("cifvar.2", at$var[2, ])
aj <- summary(survfit(Surv(etime, factor(cause)) ~ 1, data = m), times = c(60, 120, 240)); put("aj.1", aj$pstate[, 2]); put("aj.2", aj$pstate[, 3])

# penalised Cox: glmnet, standardised columns, three penalties by two mixings; times made distinct, as glmnet treats ties in a way of its own
# (it is 1e-4 from coxph with either method on tied times, and equal to it on these)
for (name in c("lung", "veteran")) {
  x <- scale(cases[[name]]$x); x <- x * sqrt(nrow(x) / (nrow(x) - 1)); y <- cases[[name]]$y
  y <- Surv(y[, 1] + seq_len(nrow(x)) * 1e-5, y[, 2])
  for (alpha in c(0.5, 1)) {
    fit <- glmnet(x, y, family = "cox", alpha = alpha, standardize = FALSE, thresh = 1e-14, maxit = 1e7, lambda = c(0.2, 0.1, 0.05, 0.02))
    for (s in c(0.1, 0.05, 0.02)) put(paste("net", name, alpha * 10, s * 100, sep = "."), as.numeric(coef(fit, s = s)))
  }
}
write.csv(transform(out, value = sprintf("%.17g", value)), "golden.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, sapply(c("survival", "rms", "Hmisc", "cmprsk", "glmnet"), function(p) paste(p, packageVersion(p))), sep = "\n")
