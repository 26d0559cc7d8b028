# Prints agreement.csv: name,value with 17 significant digits. Run in this folder: Rscript agreement.R
suppressWarnings(suppressMessages({library(psych);library(epiR);library(lme4)}))
sink(stderr()); cat(R.version.string, "psych", as.character(packageVersion("psych")), "epiR", as.character(packageVersion("epiR")), "lme4", as.character(packageVersion("lme4")), "\n"); sink()
out <- data.frame(name=character(), value=numeric())
say <- function(name, value) { value <- unlist(value, use.names=FALSE); if (length(value) > 1) name <- paste0(name, ".", seq_along(value)); out <<- rbind(out, data.frame(name=name, value=as.numeric(value))) }
sf <- matrix(c(9,2,5,8,6,1,3,2,8,4,6,8,7,1,2,6,10,5,6,9,6,2,4,7), ncol=4, byrow=TRUE)
set.seed(7); n <- 25; k <- 3; sim <- matrix(rnorm(n,50,8), n, k) + matrix(rep(c(0,1.5,-1),each=n), n, k) + matrix(rnorm(n*k,0,2.5), n, k); write.csv(sim, "ratings.csv", row.names=FALSE)
low <- matrix(rnorm(36,10,1), 12, 3); write.csv(low, "ratings_noise.csv", row.names=FALSE)
sets <- list(sf=sf, sim=sim, noise=low)
forms <- c("ICC1","ICC2","ICC3","ICC1k","ICC2k","ICC3k")
for (s in names(sets)) for (a in c(.05,.1)) { r <- psych::ICC(sets[[s]], lmer=FALSE, alpha=a)$results; for (i in 1:6) say(paste("icc", s, forms[i], 100*(1-a), sep="."), c(r$ICC[i], r$`lower bound`[i], r$`upper bound`[i], r$F[i], r$p[i])) }
for (s in c("sf","sim")) { m <- sets[[s]]; d <- data.frame(v=as.vector(m), t=factor(row(m)), j=factor(col(m))); f <- suppressMessages(lmer(v ~ 1 + (1|t) + (1|j), d, control=lmerControl(optimizer="bobyqa", optCtrl=list(rhoend=1e-12)))); vc <- as.data.frame(VarCorr(f)); say(paste0("lmer.",s), vc$vcov[match(c("t","j","Residual"), vc$grp)])
  a <- anova(lm(v ~ t, d)); say(paste0("wsd.",s), sqrt(a["Residuals","Mean Sq"])); df <- a["Residuals","Df"]; say(paste0("wsd.ci.",s), sqrt(a["Residuals","Sum Sq"]/qchisq(c(.975,.025), df))) 
  w <- apply(m,1,var)/apply(m,1,mean)^2; say(paste0("wcv.",s), sqrt(mean(w))) }
p <- read.csv("ccc.csv")
for (lev in c(.95,.9)) { e <- epi.ccc(p$a, p$b, ci="z-transform", conf.level=lev, rep.measure=FALSE); say(paste0("ccc.z.",100*lev), e$rho.c); e2 <- epi.ccc(p$a, p$b, ci="asymptotic", conf.level=lev); say(paste0("ccc.asymptotic.",100*lev), e2$rho.c) 
  say(paste0("loa.",100*lev), e$sblalt) }
say("ccc.scale", e$s.shift); say("ccc.location", e$l.shift); say("ccc.Cb", e$C.b)
e <- epi.ccc(sim[,1], sim[,2]); say("ccc.sim", e$rho.c); say("ccc.sim.Cb", e$C.b)
con <- file("agreement.csv","w"); writeLines("name,value", con); writeLines(sprintf("%s,%.17g", out$name, out$value), con); close(con)
