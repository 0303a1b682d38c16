"""The addresses of the board: one folder per book, so that a page can be shared as a link."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from daihou.web.board.views import board, home, imports, loan, loans, quality, runs

app_name = "board"
urlpatterns = [
    path("", home.home, name="home"),
    path("books/<str:book_name>/", board.board, name="board"),
    path("books/<str:book_name>/loans/", loans.loans, name="loans"),
    path("books/<str:book_name>/loans.csv", loans.loans_csv, name="loans_csv"),
    path("books/<str:book_name>/loans/<path:loan_ref>/", loan.loan, name="loan"),
    path("books/<str:book_name>/runs/", runs.runs, name="runs"),
    path("books/<str:book_name>/runs/<int:run_id>/", runs.run, name="run"),
    path("books/<str:book_name>/quality/", quality.quality, name="quality"),
    path("books/<str:book_name>/quality/<int:batch_id>/", imports.batch, name="import"),
    path(
        "books/<str:book_name>/quality/<int:batch_id>/errors.csv",
        imports.errors_file,
        name="errors_file",
    ),
    path("language/", login_not_required(set_language), name="language"),
]
